//! The functions and operators of the expression language: the one list of them, for completion,
//! for checks, and for the test that computes each.

/// A function of the expression language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name, in lower case.
    pub name: &'static str,
    /// How it is called.
    pub signature: &'static str,
    /// What it gives, in one sentence.
    pub help: &'static str,
    /// Whether it looks at several rows.
    pub aggregates: bool,
    least: usize,
    most: usize,
}

impl Function {
    /// How many arguments it takes, at least and at most.
    pub fn arguments(&self) -> (usize, usize) {
        (self.least, self.most)
    }
}

/// An operator of the expression language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperatorHelp {
    /// How it is written, such as `x // y`.
    pub form: &'static str,
    /// What it gives, in one sentence.
    pub help: &'static str,
}

/// The function of that name, in any case.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name.eq_ignore_ascii_case(name))
}

/// Other names that SQL has for the same functions.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("ceiling", "ceil"),
    ("power", "pow"),
    ("char_length", "length"),
    ("character_length", "length"),
    ("len", "length"),
    ("lcase", "lower"),
    ("ucase", "upper"),
    ("substring", "substr"),
    ("position", "strpos"),
    ("datetime", "timestamp"),
    ("mean", "avg"),
    ("stdev", "stddev"),
    ("stddev_samp", "stddev"),
    ("var", "variance"),
    ("var_samp", "variance"),
];

/// The documented name of a function.
pub(super) fn main_name(name: &str) -> &str {
    let other = OTHER_NAMES.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
    other.map_or(name, |(_, main)| main)
}

macro_rules! functions {
    ($($name:literal $signature:literal $help:literal $aggregates:literal $least:literal $most:expr;)*) => {
        /// Every function offered, row-wise ones first.
        pub const FUNCTIONS: &[Function] = &[$(Function {
            name: $name,
            signature: $signature,
            help: $help,
            aggregates: $aggregates,
            least: $least,
            most: $most,
        }),*];
    };
}

macro_rules! operators {
    ($($form:literal $help:literal;)*) => {
        /// Every operator offered. Where a side is missing the result is, unless it says otherwise.
        pub const OPERATORS: &[OperatorHelp] = &[$(OperatorHelp { form: $form, help: $help }),*];
    };
}

operators! {
    "x + y" "The sum; of whole numbers an error if it needs more than 64 bits";
    "x - y" "The difference";
    "x * y" "The product";
    "x / y" "The quotient as a real number; infinite where y is 0";
    "x // y" "The whole part of the quotient, towards zero; an error where y is 0";
    "x % y" "The remainder with the sign of x; of whole numbers an error where y is 0";
    "-x" "The number with the other sign";
    "x = y" "True where both are equal; numbers of different types are compared exactly";
    "x <> y" "True where they differ; also written !=";
    "x < y" "True where x is smaller; NaN is larger than every number";
    "x <= y" "True where x is smaller or equal";
    "x > y" "True where x is larger";
    "x >= y" "True where x is larger or equal";
    "x BETWEEN y AND z" "True from y to z, both included";
    "x IN (y, z)" "True where x equals one of a list; missing where it does not and one is missing";
    "x NOT IN (y, z)" "True where x equals none of a list";
    "text LIKE 'a_c%'" "True where the text fits a pattern: _ is a letter, % any number of them";
    "text ILIKE 'a_c%'" "As LIKE, with capitals and small letters alike";
    "text ~ 'a.*c'" "True where a regular expression matches a part of the text";
    "x IS NULL" "True where x is missing";
    "x IS NOT NULL" "True where x is not missing";
    "x IS TRUE" "True where a condition holds, false where it is missing";
    "x IS DISTINCT FROM y" "True where they differ; two missing values do not";
    "a AND b" "True where both conditions hold; b is not computed where a is false";
    "a OR b" "True where a condition holds; b is not computed where a is true";
    "NOT a" "True where the condition does not hold";
    "text || text" "The texts joined; missing where one is";
    "CASE WHEN a THEN x ELSE y END" "x where the condition holds, else y; only the one that counts is computed";
    "CASE x WHEN y THEN z END" "z where x equals y, else missing";
    "CAST(x AS BIGINT)" "x as another type (BIGINT, DOUBLE, DECIMAL(18, 2), TEXT, BOOLEAN, DATE, TIME, TIMESTAMP); an error where it cannot be";
    "TRY_CAST(x AS DATE)" "As CAST, but missing where it cannot be";
    "x::TEXT" "As CAST";
    "DATE '2024-01-31'" "A date; also TIME and TIMESTAMP";
    "day + INTERVAL '1 month'" "A date or time moved by a length of time; a day that the month does not have becomes its last";
    "day - other_day" "The time between two dates, as a duration";
}

functions! {
    "abs" "abs(x)" "The distance from zero" false 1 1;
    "ceil" "ceil(x)" "The next whole number above" false 1 1;
    "floor" "floor(x)" "The next whole number below" false 1 1;
    "round" "round(x, decimals)" "Rounded to that many decimals, halves away from zero" false 1 2;
    "sign" "sign(x)" "−1, 0 or 1" false 1 1;
    "sqrt" "sqrt(x)" "The square root" false 1 1;
    "cbrt" "cbrt(x)" "The cube root" false 1 1;
    "pow" "pow(x, y)" "x to the power of y" false 2 2;
    "exp" "exp(x)" "e to the power of x" false 1 1;
    "ln" "ln(x)" "The natural logarithm" false 1 1;
    "log" "log(x, base)" "The logarithm to a base" false 1 2;
    "log10" "log10(x)" "The logarithm to base 10" false 1 1;
    "log1p" "log1p(x)" "The natural logarithm of 1 + x" false 1 1;
    "log2" "log2(x)" "The logarithm to base 2" false 1 1;
    "mod" "mod(x, y)" "The remainder of x divided by y, with the sign of x" false 2 2;
    "div" "div(x, y)" "The whole part of x divided by y, towards zero" false 2 2;
    "pi" "pi()" "3.14159…" false 0 0;
    "sin" "sin(x)" "The sine of an angle in radians" false 1 1;
    "cos" "cos(x)" "The cosine of an angle in radians" false 1 1;
    "tan" "tan(x)" "The tangent of an angle in radians" false 1 1;
    "asin" "asin(x)" "The arc sine, in radians" false 1 1;
    "acos" "acos(x)" "The arc cosine, in radians" false 1 1;
    "atan" "atan(x)" "The arc tangent, in radians" false 1 1;
    "atan2" "atan2(y, x)" "The angle of a point, in radians" false 2 2;
    "degrees" "degrees(x)" "Radians as degrees" false 1 1;
    "radians" "radians(x)" "Degrees as radians" false 1 1;
    "coalesce" "coalesce(x, y, …)" "The first that is not missing" false 1 usize::MAX;
    "ifnull" "ifnull(x, y)" "x, or y where x is missing" false 2 2;
    "nullif" "nullif(x, y)" "x, or missing where x equals y" false 2 2;
    "greatest" "greatest(x, y, …)" "The largest of several that is not missing" false 1 usize::MAX;
    "least" "least(x, y, …)" "The smallest of several that is not missing" false 1 usize::MAX;
    "if" "if(condition, x, y)" "x where the condition holds, else y" false 3 3;
    "length" "length(text)" "The number of letters" false 1 1;
    "lower" "lower(text)" "The text in lower case" false 1 1;
    "upper" "upper(text)" "The text in upper case" false 1 1;
    "trim" "trim(text)" "The text without white space at its ends" false 1 2;
    "ltrim" "ltrim(text)" "The text without white space at its beginning" false 1 2;
    "rtrim" "rtrim(text)" "The text without white space at its end" false 1 2;
    "left" "left(text, n)" "The first n letters, or all but the last n where it is negative" false 2 2;
    "right" "right(text, n)" "The last n letters, or all but the first n where it is negative" false 2 2;
    "substr" "substr(text, start, length)" "A part of the text, from 1, or from the end where the start is negative" false 2 3;
    "replace" "replace(text, old, new)" "The text with one part replaced by another" false 3 3;
    "concat" "concat(x, y, …)" "Texts joined; missing ones are left out" false 1 usize::MAX;
    "concat_ws" "concat_ws(separator, x, y, …)" "Texts joined with a separator; missing ones are left out" false 2 usize::MAX;
    "starts_with" "starts_with(text, part)" "True where the text begins with a part" false 2 2;
    "ends_with" "ends_with(text, part)" "True where the text ends with a part" false 2 2;
    "contains" "contains(text, part)" "True where the text has a part anywhere" false 2 2;
    "strpos" "strpos(text, part)" "The place of a part in the text, from 1; 0 for nowhere" false 2 2;
    "regexp_like" "regexp_like(text, pattern)" "True where a regular expression matches a part of the text" false 2 2;
    "split_part" "split_part(text, separator, n)" "The nth part, from 1, or from the end where n is negative" false 3 3;
    "lpad" "lpad(text, length, fill)" "The text filled at its beginning, or cut to the length" false 2 3;
    "rpad" "rpad(text, length, fill)" "The text filled at its end, or cut to the length" false 2 3;
    "date" "date(text)" "The text as a date" false 1 2;
    "timestamp" "timestamp(text)" "The text as a date and time" false 1 2;
    "time" "time(text)" "The text as a time" false 1 2;
    "date_part" "date_part('year', x)" "Year, quarter, month, day, dow, hour, … of a date" false 2 2;
    "extract" "extract(year FROM x)" "Year, quarter, month, day, dow, hour, … of a date" false 1 1;
    "strftime" "strftime(x, '%Y-%m')" "A date as text" false 2 2;
    "avg" "avg(x)" "The mean over rows" true 1 1;
    "count" "count(x)" "The number of values that are not missing" true 0 1;
    "sum" "sum(x)" "The sum over rows; missing for none" true 1 1;
    "min" "min(x)" "The smallest over rows" true 1 1;
    "max" "max(x)" "The largest over rows" true 1 1;
    "median" "median(x)" "The median over rows" true 1 1;
    "stddev" "stddev(x)" "The sample standard deviation over rows" true 1 1;
    "variance" "variance(x)" "The sample variance over rows" true 1 1;
    "first" "first(x)" "The first row's value" true 1 1;
    "last" "last(x)" "The last row's value" true 1 1;
    "quantile_cont" "quantile_cont(x, 0.9)" "A quantile over rows" true 2 2;
    "corr" "corr(x, y)" "The correlation over rows" true 2 2;
}
