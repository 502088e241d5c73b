//! Conditions of a search, and how a value meets them.

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    /// `%` stands for any text, `_` for any character.
    Like,
    /// As `Like`, and letters of either case are the same.
    ILike,
    In,
    NotIn,
    IsNull,
    IsNotNull,
}

/// What a value is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
    /// A whole number, such as a time in ms.
    Integer(i64),
    /// Texts, for `In` and `NotIn`.
    List(Vec<String>),
    /// Nothing, for `IsNull` and `IsNotNull`.
    Nothing,
}

/// One condition of several that must all be met.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition<F> {
    /// Of what.
    pub field: F,
    /// How.
    pub operator: Operator,
    /// With what.
    pub value: Value,
}

impl<F> Condition<F> {
    /// Whether a text that is there meets the condition.
    pub(super) fn meets_text(&self, text: &str) -> bool {
        match (&self.value, self.operator) {
            (_, Operator::IsNotNull) => true,
            (_, Operator::IsNull) => false,
            (Value::List(list), Operator::NotIn) => !list.iter().any(|value| value == text),
            (Value::List(list), Operator::In) => list.iter().any(|value| value == text),
            (Value::Text(value), Operator::Like) => like(text, value),
            (Value::Text(value), Operator::ILike) => like(&text.to_lowercase(), &value.to_lowercase()),
            (Value::Text(value), operator) => ordered(operator, text.cmp(value.as_str())),
            _ => false,
        }
    }

    /// Whether a number that is there meets the condition. NaN meets only "is not equal".
    pub(super) fn meets_number(&self, number: f64) -> bool {
        let value = match self.value {
            Value::Number(value) => value,
            Value::Integer(value) => value as f64,
            _ => return false,
        };
        match number.partial_cmp(&value) {
            Some(order) => ordered(self.operator, order),
            None => self.operator == Operator::NotEqual,
        }
    }

    /// Whether a whole number that is there meets the condition.
    pub(super) fn meets_integer(&self, number: i64) -> bool {
        match self.value {
            Value::Integer(value) => ordered(self.operator, number.cmp(&value)),
            _ => self.meets_number(number as f64),
        }
    }

    /// Whether a text that may be missing meets the condition. What is missing meets only `IsNull`.
    pub(super) fn meets(&self, text: Option<&str>) -> bool {
        text.map_or(self.operator == Operator::IsNull, |text| self.meets_text(text))
    }
}

fn ordered(operator: Operator, order: std::cmp::Ordering) -> bool {
    match operator {
        Operator::Equal => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
        Operator::Less => order.is_lt(),
        Operator::LessEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterEqual => order.is_ge(),
        _ => false,
    }
}

/// SQL's `LIKE` without an escape: `%` is any text, `_` any character; letters' case counts.
///
/// Takes at most the product of both lengths, whatever the pattern.
pub fn like(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let pattern: Vec<char> = pattern.chars().collect();
    let (mut t, mut p) = (0, 0);
    // Where to go on when the rest does not fit: after the last `%`, one character further.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('%') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(c) if *c == '_' || *c == text[t] => {
                t += 1;
                p += 1;
            }
            _ => match retry {
                Some((after, from)) => {
                    retry = Some((after, from + 1));
                    p = after;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '%')
}
