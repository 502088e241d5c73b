use proptest::prelude::*;

use super::super::tests::{HAND, pipelines};
use super::*;

const CANONICAL: &str = r#"# How malignant is it?
# (kept by the oncology group)
type: pipeline
display_name: Diagnosis, boosted trees  # shown in the window
$schema: https://example.org/pipeline.json
name: diagnosis
experiment_name: breast cancer

jobs:
  # The data as it came.
  breast_cancer:
    component: import_dataset
    inputs:
      dataset: breast_cancer@3

  clean:
    component: clean_missing_data
    inputs:
      table: ${{parent.jobs.breast_cancer.outputs.table}}
      columns:  # the worst four
        - mean radius
        - "mean texture"  # sic
        - 'smoothness'
      strategy: median

  # 70 / 30
  split:
    component: split_data
    display_name: Split it
    inputs:
      table: ${{parent.jobs.clean.outputs.table}}
      fraction: 0.3  # for the test
      stratify: diagnosis
      # the answer
      seed: 42
    outputs:
      train: {type: mltable}

  script:
    component: python_script
    inputs:
      script: |
        def run(table1):
            # comment inside

            return table1
      table1: ${{parent.jobs.split.outputs.train}}

layout:
  breast_cancer: [520, 40]
  clean: [520.5, 130]  # under it
  split: [520, 220]
"#;

#[test]
fn a_file_written_by_hand_gets_the_form_and_keeps_its_words() {
    assert_eq!(format(HAND).unwrap(), CANONICAL);
    assert_eq!(format(CANONICAL).unwrap(), CANONICAL);
}

#[test]
fn line_ends_tabs_behind_and_flow_jobs_are_put_right() {
    let text = "jobs: {a: {component: import_dataset, owner: me, inputs: {dataset: x}}}\r\n# last\r\n";
    let expected = "type: pipeline\n\njobs:\n  a:\n    component: import_dataset\n    inputs:\n      dataset: x\n    \
                    owner: me\n\n# last\n";
    assert_eq!(format(text).unwrap(), expected);
}

#[test]
fn what_says_nothing_goes_unless_something_is_said_about_it() {
    let job = |rest: &str| format!("type: pipeline\n\njobs:\n  a:\n    component: sql_query\n{rest}");
    assert_eq!(format(&job("    disabled: false\n    inputs: {}\n")).unwrap(), job(""));
    let kept = job("    disabled: false  # until May\n");
    assert_eq!(format(&kept).unwrap(), kept);
}

#[test]
fn a_comment_that_has_no_place_is_refused_with_its_line() {
    let text = "jobs:\n  a: {component: sql_query,\n    # which one?\n    inputs: {query: SELECT 1}}\n";
    let refused = format(text).unwrap_err();
    assert_eq!(refused.line, 3);
    assert!(refused.sentence.contains("# which one?"), "{refused}");
    let broken = format("jobs:\n  a: 3\n").unwrap_err();
    assert_eq!(broken.line, 2);
    assert!(format("jobs:\n  a: [\n").is_err());
}

#[test]
fn blocks_of_text_with_signs_of_comments_are_kept() {
    let text = "jobs:\n  a:\n    component: python_script\n    inputs:\n      script: >\n        # one\n        x = 1\n      \
                other: |2\n          # two\n";
    let formatted = format(text).unwrap();
    assert_eq!(Document::parse(formatted.clone()).unwrap().pipeline, Document::parse(text).unwrap().pipeline);
    assert_eq!(format(&formatted).unwrap(), formatted);
}

/// Scatters comments over a file: above and behind lines that are not inside a block of text.
fn remarked(text: &str, places: &[(usize, bool)]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let plain: Vec<bool> = lines.iter().map(|line| is_plain_line(line)).collect();
    for (number, (place, above)) in places.iter().enumerate() {
        let at = place % plain.len();
        if !plain[at] || lines[at].contains("# remark") {
            continue;
        }
        if *above {
            let indent = lines[at].len() - lines[at].trim_start().len();
            lines[at] = format!("{}# remark {number}\n{}", " ".repeat(indent), lines[at]);
        } else {
            lines[at].push_str(&format!("   # remark {number}"));
        }
    }
    lines.join("\n") + "\n"
}

/// A line of the kind `key:` or `key: 1`, as names and numbers are written.
fn is_plain_line(line: &str) -> bool {
    let Some((key, value)) = line.trim_start().split_once(':') else { return false };
    let word = |text: &str| text.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
    !key.is_empty() && word(key) && word(value.trim())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn what_the_designer_writes_is_canonical(pipeline in pipelines()) {
        let text = Document::new(&pipeline).text;
        prop_assert_eq!(format(&text).unwrap(), text);
    }

    #[test]
    fn formatting_keeps_meaning_and_comments_and_settles(
        pipeline in pipelines(),
        places in prop::collection::vec((0..100_usize, any::<bool>()), 0..6),
    ) {
        let text = remarked(&Document::new(&pipeline).text, &places);
        let Ok(document) = Document::parse(text.clone()) else { return Ok(()) };
        prop_assume!(document.problems.is_empty() && document.pipeline == pipeline);
        let formatted = format(&text).unwrap();
        prop_assert_eq!(&Document::parse(formatted.clone()).unwrap().pipeline, &pipeline);
        for number in 0..places.len() {
            let remark = format!("# remark {number}");
            prop_assert_eq!(formatted.matches(&remark).count(), text.matches(&remark).count(), "{}", &formatted);
        }
        prop_assert_eq!(format(&formatted).unwrap(), formatted);
    }
}
