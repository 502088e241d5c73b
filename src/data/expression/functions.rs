//! The functions that an expression may call, for completion and for checks.

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
}

/// The function of that name, in any case.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name.eq_ignore_ascii_case(name))
}

macro_rules! functions {
    ($($name:literal $signature:literal $help:literal $aggregates:literal)*) => {
        /// Every function offered, row-wise ones first.
        pub const FUNCTIONS: &[Function] = &[$(Function {
            name: $name,
            signature: $signature,
            help: $help,
            aggregates: $aggregates,
        }),*];
    };
}

functions! {
    "abs" "abs(x)" "The distance from zero" false
    "ceil" "ceil(x)" "The next whole number above" false
    "floor" "floor(x)" "The next whole number below" false
    "round" "round(x, decimals)" "Rounded to that many decimals" false
    "sign" "sign(x)" "−1, 0 or 1" false
    "sqrt" "sqrt(x)" "The square root" false
    "cbrt" "cbrt(x)" "The cube root" false
    "pow" "pow(x, y)" "x to the power of y" false
    "exp" "exp(x)" "e to the power of x" false
    "ln" "ln(x)" "The natural logarithm" false
    "log" "log(x, base)" "The logarithm to a base" false
    "log10" "log10(x)" "The logarithm to base 10" false
    "log1p" "log1p(x)" "The natural logarithm of 1 + x" false
    "log2" "log2(x)" "The logarithm to base 2" false
    "mod" "mod(x, y)" "The remainder of x divided by y" false
    "div" "div(x, y)" "The whole part of x divided by y" false
    "pi" "pi()" "3.14159…" false
    "sin" "sin(x)" "The sine of an angle in radians" false
    "cos" "cos(x)" "The cosine of an angle in radians" false
    "tan" "tan(x)" "The tangent of an angle in radians" false
    "asin" "asin(x)" "The arc sine, in radians" false
    "acos" "acos(x)" "The arc cosine, in radians" false
    "atan" "atan(x)" "The arc tangent, in radians" false
    "atan2" "atan2(y, x)" "The angle of a point, in radians" false
    "degrees" "degrees(x)" "Radians as degrees" false
    "radians" "radians(x)" "Degrees as radians" false
    "coalesce" "coalesce(x, y, …)" "The first that is not missing" false
    "ifnull" "ifnull(x, y)" "x, or y where x is missing" false
    "nullif" "nullif(x, y)" "x, or missing where x equals y" false
    "greatest" "greatest(x, y, …)" "The largest of several" false
    "least" "least(x, y, …)" "The smallest of several" false
    "if" "if(condition, x, y)" "x where the condition holds, else y" false
    "length" "length(text)" "The number of characters" false
    "lower" "lower(text)" "The text in lower case" false
    "upper" "upper(text)" "The text in upper case" false
    "trim" "trim(text)" "The text without spaces at its ends" false
    "ltrim" "ltrim(text)" "The text without spaces at its beginning" false
    "rtrim" "rtrim(text)" "The text without spaces at its end" false
    "left" "left(text, n)" "The first n characters" false
    "right" "right(text, n)" "The last n characters" false
    "substr" "substr(text, start, length)" "A part of the text, from 1" false
    "replace" "replace(text, old, new)" "The text with one part replaced by another" false
    "concat" "concat(x, y, …)" "Texts joined" false
    "concat_ws" "concat_ws(separator, x, y, …)" "Texts joined with a separator" false
    "starts_with" "starts_with(text, part)" "Whether the text begins with a part" false
    "ends_with" "ends_with(text, part)" "Whether the text ends with a part" false
    "strpos" "strpos(text, part)" "Where a part begins, from 1; 0 for nowhere" false
    "regexp_like" "regexp_like(text, pattern)" "Whether a regular expression matches" false
    "split_part" "split_part(text, separator, n)" "The nth part, from 1" false
    "lpad" "lpad(text, length, fill)" "The text filled at its beginning" false
    "rpad" "rpad(text, length, fill)" "The text filled at its end" false
    "date" "date(text)" "The text as a date" false
    "timestamp" "timestamp(text)" "The text as a date and time" false
    "time" "time(text)" "The text as a time" false
    "date_part" "date_part('year', x)" "Year, quarter, month, day, dow, hour, … of a date" false
    "extract" "extract(year FROM x)" "Year, quarter, month, day, dow, hour, … of a date" false
    "strftime" "strftime(x, '%Y-%m')" "A date as text" false
    "avg" "avg(x)" "The mean over rows" true
    "count" "count(x)" "The number of values that are not missing" true
    "sum" "sum(x)" "The sum over rows" true
    "min" "min(x)" "The smallest over rows" true
    "max" "max(x)" "The largest over rows" true
    "median" "median(x)" "The median over rows" true
    "stddev" "stddev(x)" "The sample standard deviation over rows" true
    "variance" "variance(x)" "The sample variance over rows" true
    "first" "first(x)" "The first row's value" true
    "last" "last(x)" "The last row's value" true
    "quantile_cont" "quantile_cont(x, 0.9)" "A quantile over rows" true
    "corr" "corr(x, y)" "The correlation over rows" true
}
