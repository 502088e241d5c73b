//! Names that people can say: "brisk-heron-64" for runs, file names for titles.

const QUALITIES: [&str; 32] = [
    "amber", "brisk", "calm", "clear", "copper", "dapper", "early", "fern", "gentle", "hazel", "indigo", "jolly",
    "keen", "linen", "lively", "mellow", "misty", "north", "ochre", "olive", "patient", "plain", "quiet", "rapid",
    "sage", "slate", "steady", "sunny", "tidal", "umber", "vivid", "warm",
];

const ANIMALS: [&str; 32] = [
    "badger", "bison", "crane", "curlew", "dormouse", "egret", "finch", "fox", "gecko", "hare", "heron", "ibex", "jay",
    "kestrel", "lark", "lynx", "marten", "newt", "otter", "owl", "pika", "plover", "quail", "raven", "robin", "seal",
    "stoat", "swift", "tapir", "tern", "vole", "wren",
];

/// A run's name from its random id (hexadecimal). The same id gives the same name.
pub fn run_name(id: &str) -> String {
    let digest = blake3::hash(id.as_bytes());
    let [quality, animal, number, ..] = *digest.as_bytes();
    let quality = QUALITIES[usize::from(quality) % QUALITIES.len()];
    let animal = ANIMALS[usize::from(animal) % ANIMALS.len()];
    format!("{quality}-{animal}-{}", 10 + u32::from(number) % 90)
}

/// A file name, a dataset name or a job name for a title: lower case, words joined by `_`, letters of any script kept.
pub fn slug(title: &str) -> String {
    let mut slug = String::new();
    for character in title.chars().flat_map(char::to_lowercase) {
        if character.is_alphanumeric() {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('_') {
            slug.push('_');
        }
    }
    let slug = slug.trim_end_matches('_');
    if slug.is_empty() { "untitled".to_owned() } else { slug.chars().take(80).collect() }
}

/// `base`, or `base_2`, `base_3`, … whichever is not `taken` yet.
pub fn free_name(base: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(base) {
        return base.to_owned();
    }
    (2_u32..).map(|number| format!("{base}_{number}")).find(|name| !taken(name)).unwrap_or_else(|| base.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_after_its_id() {
        assert_eq!(run_name("a"), run_name("a"));
        assert_ne!(run_name("a"), run_name("b"));
        assert_eq!(run_name("a").split('-').count(), 3);
    }

    #[test]
    fn slugs_keep_letters_of_any_script() {
        assert_eq!(slug("Breast cancer (v2).csv"), "breast_cancer_v2_csv");
        assert_eq!(slug("مرضى 2024"), "مرضى_2024");
        assert_eq!(slug("  --  "), "untitled");
    }

    #[test]
    fn a_taken_name_gets_a_number() {
        assert_eq!(free_name("split", |name| name == "split" || name == "split_2"), "split_3");
    }
}
