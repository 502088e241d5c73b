//! The page of charts in the real window, by labels, and its pictures.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;

use eframe::egui::{Event, Key, Modifiers, Pos2};
use egui_kittest::kittest::{NodeT, Queryable};
use gui::commands::{Command, PanelCommand};
use gui::panels::Action;
use studio::{ArtifactContent, RunQuery, Studio};
use ui_tests::{Theme, Window};

const NOW: &str = "2026-11-21T13:30:00Z";

/// The page over a workspace that never changes.
fn page(folder: &Path, theme: Theme, size: [f32; 2]) -> Window {
    let studio = Studio::open(folder).unwrap();
    let mut window = Window::over(studio, theme, size, Some(NOW.parse().unwrap()));
    window.send(Action::Run(Command::GoTo("runs")));
    let verb = PanelCommand { place: "runs", verb: "page", argument: String::new() };
    window.send(Action::Run(Command::Panel(verb)));
    window.wait_until("charts", |window| window.says("Chart "));
    window.harness.event(Event::PointerGone);
    window.settle();
    window
}

fn center(window: &Window, label: &str) -> Pos2 {
    let found = window.harness.query_all_by_label(label).next();
    found.unwrap_or_else(|| panic!("no “{label}” among:\n{}", window.labels().join("\n"))).rect().center()
}

fn hover(window: &mut Window, at: Pos2) {
    window.harness.hover_at(at);
    window.harness.run_steps(3);
}

fn drag(window: &mut Window, from: Pos2, to: Pos2) {
    hover(window, from);
    window.harness.drag_at(from);
    window.harness.run_steps(1);
    for share in [0.3, 0.7, 1.0] {
        hover(window, from.lerp(to, share));
    }
    window.harness.drop_at(to);
    window.settle();
}

fn charts(window: &Window) -> Vec<String> {
    let labels = window.labels().into_iter();
    labels.filter_map(|label| Some(label.strip_prefix("Chart ")?.to_owned())).collect()
}

/// What the workspace remembers of the page.
fn kept(folder: &Path) -> serde_json::Value {
    Studio::open(folder).unwrap().setting("window.runs.charts").unwrap().unwrap_or_default()
}

fn picture(theme: Theme) {
    let folder = ui_tests::written_by(2);
    let mut window = page(folder.path(), theme, [1280.0, 800.0]);
    window.snapshot(&format!("charts-{}", theme.name()));
}

#[test]
fn the_page_in_the_light() {
    picture(Theme::Light);
}

#[test]
fn the_page_in_the_dark() {
    picture(Theme::Dark);
}

#[test]
fn a_larger_window_shows_more_charts() {
    let folder = ui_tests::written_by(2);
    let small = charts(&page(folder.path(), Theme::Dark, [1280.0, 800.0])).len();
    let large = charts(&page(folder.path(), Theme::Dark, [2560.0, 1440.0])).len();
    assert!(large > small, "{large} instead of {small}");
}

#[test]
fn a_chart_is_added_changed_and_taken_back() {
    let folder = ui_tests::written_by(2);
    let mut window = page(folder.path(), Theme::Light, [1600.0, 1000.0]);
    assert!(kept(folder.path()).is_null(), "nobody has arranged anything yet");
    window.click("Add chart");
    window.click_last("Lines");
    window.wait_for("Average over");
    window.choose("X axis", "relative time");
    window.click("Logarithmic y");
    let kept_now = |folder: &Path| {
        let all = kept(folder);
        all["charts"].as_array().unwrap().last().unwrap().clone()
    };
    window.wait_until("the axis to be kept", |_| kept_now(folder.path())["x"] == "relative");
    assert_eq!(kept_now(folder.path())["log_y"], true);

    let slider = window.harness.query_all_by_label("Smoothing").last().unwrap();
    slider.focus();
    window.settle();
    for _ in 0..20 {
        window.press(Modifiers::NONE, Key::ArrowRight);
    }
    window.settle();
    window.wait_until("the smoothing to be kept", |_| {
        kept_now(folder.path())["smoothing"].as_f64().is_some_and(|weight| weight > 0.1)
    });

    let before = kept(folder.path())["charts"].as_array().unwrap().len();
    let title = kept_now(folder.path())["metrics"][0].as_str().unwrap().to_owned();
    assert!(!title.is_empty());
    let more: Vec<String> = window.labels().into_iter().filter(|label| label.starts_with("More of ")).collect();
    window.click_last(more.last().unwrap());
    window.click_last("Remove");
    window.wait_until("it to go", |_| kept(folder.path())["charts"].as_array().unwrap().len() == before - 1);
    window.press(Modifiers::COMMAND, Key::Z);
    window.wait_until("it to come back", |_| kept(folder.path())["charts"].as_array().unwrap().len() == before);
}

#[test]
fn charts_are_moved_by_their_heads() {
    let folder = ui_tests::written_by(2);
    let mut window = page(folder.path(), Theme::Dark, [1600.0, 1000.0]);
    let first = charts(&window);
    let (from, to) = (center(&window, &format!("Chart {}", first[0])), center(&window, &format!("Chart {}", first[1])));
    let head = window.harness.query_all_by_label(&first[0]).next().unwrap().rect();
    drag(&mut window, head.left_center() + eframe::egui::vec2(20.0, 0.0), to + (to - from) * 0.3);
    assert_eq!(charts(&window)[..2], [first[1].clone(), first[0].clone()]);
}

#[test]
fn a_run_lights_up_everywhere_and_a_brush_narrows_the_runs() {
    let folder = ui_tests::written_by(2);
    let mut window = page(folder.path(), Theme::Dark, [1600.0, 1000.0]);
    let run = window.labels().into_iter().find(|label| label.starts_with("Show ") && label.contains('-')).unwrap();
    let before = window.harness.render().unwrap();
    let at = center(&window, &run);
    hover(&mut window, at);
    let lit = window.harness.render().unwrap();
    let chart = window.harness.query_all_by_label_contains("Chart ").next().unwrap().rect();
    let differs = |x: u32, y: u32| before.get_pixel(x, y) != lit.get_pixel(x, y);
    let inside = (chart.left() as u32..chart.right() as u32)
        .flat_map(|x| (chart.top() as u32..chart.bottom() as u32).map(move |y| (x, y)));
    assert!(inside.filter(|(x, y)| differs(*x, *y)).count() > 100, "the other runs step back in the charts");

    let parallel = window.harness.query_all_by_label("Chart Parameters and results").next().unwrap().rect();
    let axis = parallel.left() + 14.0;
    let foot = Pos2::new(axis, parallel.bottom() - 16.0);
    drag(&mut window, foot, Pos2::new(axis, parallel.center().y));
    assert!(window.has("Show every run"), "{:?}", window.labels());
    window.click("Show every run");
    assert!(!window.has("Show every run"));
}

#[test]
fn a_zoom_is_drawn_and_everything_shown_again() {
    let folder = ui_tests::written_by(2);
    let mut window = page(folder.path(), Theme::Dark, [1600.0, 1000.0]);
    let title = charts(&window)[0].clone();
    let area = window.harness.query_all_by_label(&format!("Chart {title}")).next().unwrap().rect();
    let middle = area.center();
    drag(&mut window, middle - eframe::egui::vec2(60.0, 40.0), middle + eframe::egui::vec2(40.0, 30.0));
    window.wait_for(&format!("Show all of {title}"));
    window.click(&format!("Show all of {title}"));
    assert!(!window.has(&format!("Show all of {title}")));
}

/// The files hold what the database holds, digit by digit.
#[test]
fn exported_files_hold_the_numbers_of_the_database() {
    let folder = ui_tests::written_by(2);
    let out = tempfile::tempdir().unwrap();
    let mut window = page(folder.path(), Theme::Light, [1600.0, 1000.0]);
    window.harness.state_mut().save_into(out.path().to_owned());
    let title = charts(&window)[0].clone();
    let file = |ending: &str| out.path().join(format!("{}.{ending}", studio::slug(&title)));
    for format in ["CSV", "SVG", "PNG"] {
        window.click(&format!("More of {title}"));
        window.click_last(&format!("Export as {format}…"));
        let file = file(&format.to_lowercase());
        window.wait_until("the file", |_| file.metadata().is_ok_and(|meta| meta.len() > 0));
    }
    let svg = std::fs::read_to_string(file("svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("<polyline") && svg.contains(&format!(">{title}</text>")));
    let png = std::fs::read(file("png")).unwrap();
    assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n");

    let csv = std::fs::read_to_string(file("csv")).unwrap();
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("run_id,run,metric,step,timestamp_ms,value"));
    let studio = Studio::open(folder.path()).unwrap();
    let names: Vec<String> = studio.runs(&RunQuery::default()).unwrap().runs.into_iter().map(|run| run.name).collect();
    let mut rows: Vec<Vec<String>> = lines.map(|line| line.split(',').map(str::to_owned).collect()).collect();
    assert!(rows.len() > 10);
    let mut runs: Vec<(String, String)> = rows.iter().map(|row| (row[0].clone(), row[2].clone())).collect();
    runs.dedup();
    for (run, key) in runs {
        let points = studio.metric_columns(&run, &key).unwrap();
        for at in 0..points.values.len() {
            let row = rows.remove(0);
            assert!(names.contains(&row[1]));
            assert_eq!(row[3..5], [points.steps[at].to_string(), points.times_ms[at].to_string()]);
            assert_eq!(row[5].parse::<f64>().unwrap().to_bits(), points.values[at].to_bits());
        }
    }
    assert!(rows.is_empty());
}

#[test]
fn what_steps_put_out_can_be_set_side_by_side() {
    let folder = ui_tests::written_by(2);
    let studio = Studio::open(folder.path()).unwrap();
    let mut tables = 0;
    for run in studio.runs(&RunQuery::default()).unwrap().runs {
        for artifact in studio.run_artifacts(&run.id).unwrap() {
            match studio.read_run_artifact(&run.id, &artifact.path).unwrap() {
                ArtifactContent::Table { columns, cells, rows } => {
                    assert!(cells.iter().all(|row| row.len() == columns.len()) && cells.len() as u64 <= rows);
                    tables += 1;
                }
                ArtifactContent::Text(text) => assert!(!text.is_empty(), "{}", artifact.path),
                ArtifactContent::Image(_) => panic!("steps put out no images"),
            }
        }
        for path in ["outputs/none/table", "outputs", "../../atelier.toml", "images/a.png"] {
            assert!(studio.read_run_artifact(&run.id, path).is_err(), "{path}");
        }
    }
    assert!(tables > 3);
}

#[test]
fn without_a_checked_run_the_page_says_what_to_do() {
    let folder = ui_tests::written_by(2);
    let mut window = page(folder.path(), Theme::Light, [1280.0, 800.0]);
    let verb = PanelCommand { place: "runs", verb: "uncheck", argument: String::new() };
    window.send(Action::Run(Command::Panel(verb)));
    window.click("Go to the list");
    window.wait_for("Open charts");
    let list = window.harness.query_all_by_label("Open charts").next().unwrap();
    assert!(list.accesskit_node().label().is_some());
}
