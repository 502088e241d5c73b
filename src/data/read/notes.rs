//! Sentences about what could not be read with certainty, or otherwise than a
//! person might think.

use super::columns::{Finding, Findings, Planned};
use super::decide::{Decision, Doubt, Plan, Surroundings, decide};
use super::evidence::{Evidence, seen};
use super::moment::PIVOT;
use super::number::Literal;
use super::reading::{DAY_FIRST, GROUP_APOSTROPHE, GROUP_COMMA, GROUP_DOT, GROUPED, MONTH_FIRST, Readings};
use crate::temporal::DateOrder;

/// What a person should know about one column.
pub(super) fn column_notes(
    column: &Planned,
    findings: &Findings,
    around: &Surroundings,
    chosen_order: Option<DateOrder>,
) -> Vec<String> {
    let name = column.name.as_str();
    let mut notes = Vec::new();
    let Decision { plan, doubt } = decide(&column.evidence, column.chosen, around);
    if let Some(doubt) = doubt {
        notes.push(doubt_note(name, doubt, &column.evidence));
    }
    if column.chosen.is_none() {
        number_notes(name, plan, &column.evidence, &mut notes);
    }
    date_notes(name, plan, &column.evidence, chosen_order, &mut notes);
    if plan == Plan::Formula {
        let sample = sample(&column.evidence);
        notes.push(format!("Column “{name}” holds texts such as {sample}; what stands in the quotes was kept."));
    }
    finding_notes(name, findings, &mut notes);
    notes
}

/// The sentence for a choice of dates that two orders fit.
pub(super) fn undecided_dates(name: &str, evidence: &Evidence) -> String {
    format!(
        "The dates of column “{name}”, such as {}, can be read with the day or with the month first. Choose the order \
         of dates.",
        sample(evidence)
    )
}

fn sample(evidence: &Evidence) -> String {
    format!("“{}”", evidence.sample.as_deref().or(evidence.first.as_deref()).unwrap_or_default())
}

fn doubt_note(name: &str, doubt: Doubt, evidence: &Evidence) -> String {
    let sample = sample(evidence);
    match doubt {
        Doubt::GroupOrDecimal => format!(
            "Column “{name}” stays text: in {sample} the mark may stand between thousands or before decimals. Choose \
             the decimal mark or the thousands separator."
        ),
        Doubt::PairOrDecimal => format!(
            "Column “{name}” stays text: {sample} may be one number or two. Choose the comma as decimal mark if it is \
             one."
        ),
        Doubt::DotBesideComma => format!(
            "Column “{name}” stays text: it holds {sample}, while other columns write decimals with a comma. Choose \
             its type if it holds numbers."
        ),
        Doubt::GroupOrCode => format!(
            "Column “{name}” stays text: {sample} may be a number or a code. Choose the space as thousands separator \
             if it is a number."
        ),
        Doubt::QuotedValues => format!(
            "Column “{name}” stays text: its values stand in quotes, such as {sample}, while other columns have values \
             without. Choose its type if they are no texts."
        ),
        Doubt::MixedStyles => format!(
            "Column “{name}” stays text: its numbers, such as {sample}, are written in different styles. Choose the \
             decimal mark to read those that fit it."
        ),
        Doubt::MixedPercent => format!(
            "Column “{name}” stays text: some of its numbers are per cent, such as {sample}, and some are not. Choose \
             its type to read them all alike."
        ),
        Doubt::MixedCurrencies => format!(
            "Column “{name}” stays text: it holds several currencies, such as {sample}. Choose its type to read the \
             amounts alone."
        ),
        Doubt::OnlyParentheses => format!(
            "Column “{name}” stays text: {sample} may be a negative number or a numbered item. Choose its type if it \
             is a number."
        ),
        Doubt::Telephone => {
            format!("Column “{name}” stays text, to keep the plus of {sample}. Choose its type if it holds numbers.")
        }
        Doubt::Serial => format!(
            "Column “{name}” stays text: {sample} may be a number or a serial number. Choose its type if it is a \
             number."
        ),
        Doubt::LongBesideReal => format!(
            "Column “{name}” stays text: it holds numbers of more digits than a real number keeps, beside others such \
             as {sample}. Choose decimal if all are numbers."
        ),
        Doubt::DateOrder => format!(
            "Column “{name}” stays text: dates such as {sample} can be read in two ways. Choose the order of dates."
        ),
        Doubt::MixedDateOrders => format!(
            "Column “{name}” stays text: no one order of day, month and year fits all of its dates, such as {sample}."
        ),
        Doubt::MixedOffsets => format!(
            "Column “{name}” stays text: some of its times have an offset or a zone and some have none, so they cannot \
             be compared; one is {sample}."
        ),
    }
}

fn number_notes(name: &str, plan: Plan, evidence: &Evidence, notes: &mut Vec<String>) {
    let (Plan::Integer(style) | Plan::Real(style)) = plan else {
        return;
    };
    let sample = sample(evidence);
    if style & GROUPED != 0 {
        notes.push(format!(
            "In column “{name}” {} was read as thousands separator, as in {sample}. Choose the decimal mark or the \
             thousands separator if that is wrong.",
            group_mark(style)
        ));
    }
    if evidence.has(seen::PERCENT) {
        notes.push(format!("Column “{name}” holds per cent: {sample} is stored without the sign and not divided."));
    }
    if evidence.currencies != 0 {
        let currency = Literal::currency_name(evidence.currencies.trailing_zeros() as usize);
        notes.push(format!("Column “{name}” holds amounts in {currency}; the sign is left out."));
    }
    if evidence.has(seen::PARENTHESES) {
        notes.push(format!("Numbers in parentheses in column “{name}” were read as negative."));
    }
    let version = evidence.has(seen::ENDING_ZERO) && !evidence.fraction.is_single() && evidence.fraction.most <= 2;
    if version && matches!(plan, Plan::Real(_)) && !evidence.has_any(seen::MINUS | seen::CLEAR_DOT) {
        notes.push(format!(
            "Numbers of column “{name}” end in a zero or not, such as {sample}; the zeros are not kept. Choose text if \
             they are codes or versions."
        ));
    }
    if evidence.has(seen::ROUNDED) && matches!(plan, Plan::Real(_)) {
        notes.push(format!(
            "Column “{name}” holds numbers of more digits than a real number keeps, such as {sample}; they are \
             rounded. Choose decimal or text to keep every digit."
        ));
    }
}

fn group_mark(style: Readings) -> &'static str {
    match style {
        GROUP_COMMA => "the comma",
        GROUP_DOT => "the dot",
        GROUP_APOSTROPHE => "the apostrophe",
        _ => "the space",
    }
}

fn date_notes(name: &str, plan: Plan, evidence: &Evidence, chosen: Option<DateOrder>, notes: &mut Vec<String>) {
    let order = match plan {
        Plan::Date(order) => order,
        Plan::DateTime { order, zoned } => {
            if zoned {
                notes.push(offset_note(name, evidence));
            }
            order
        }
        _ => return,
    };
    let sample = sample(evidence);
    let both = evidence.readings & (DAY_FIRST | MONTH_FIRST) == DAY_FIRST | MONTH_FIRST;
    if both && order == DAY_FIRST && chosen.is_none() && evidence.has(seen::ORDER_MATTERS) {
        notes.push(format!(
            "The dates of column “{name}”, such as {sample}, were read with the day first, as is usual with dots. \
             Choose the order of dates if that is wrong."
        ));
    }
    let against = match chosen {
        Some(DateOrder::DayFirst) => order == MONTH_FIRST,
        Some(DateOrder::MonthFirst) => order == DAY_FIRST,
        None => false,
    };
    if against {
        notes.push(format!(
            "The dates of column “{name}” do not fit the chosen order of dates; the other one fits all of them and was \
             used."
        ));
    }
    if evidence.has(seen::SHORT_YEAR) {
        notes.push(format!(
            "Column “{name}” has years of two digits: 00 to {PIVOT} are read as 2000 to 20{PIVOT}, others as 19xx."
        ));
    }
    if evidence.has(seen::NANOSECONDS) && matches!(plan, Plan::DateTime { .. }) {
        notes.push(format!(
            "The times of column “{name}” are finer than microseconds; they are cut to microseconds. Choose text to \
             keep every digit."
        ));
    }
}

fn offset_note(name: &str, evidence: &Evidence) -> String {
    let (least, most) = (evidence.offsets.least, evidence.offsets.most);
    if least == most && least == 0 {
        return format!("The times in column “{name}” are in UTC, and are stored so.");
    }
    if least == most {
        return format!(
            "The times in column “{name}” carry the offset {}; they are stored in UTC, so the hours shown differ by it.",
            offset_text(least)
        );
    }
    format!(
        "The times in column “{name}” carry an offset each, from {} to {}; they are stored in UTC, without the local \
         hours.",
        offset_text(least),
        offset_text(most)
    )
}

/// `+02:00`
fn offset_text(seconds: i32) -> String {
    let minutes = seconds.abs() / 60;
    let sign = if seconds < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

fn finding_notes(name: &str, findings: &Findings, notes: &mut Vec<String>) {
    if let Some(found) = &findings.placeholders {
        notes.push(format!(
            "{} of column “{name}” became missing since all others are values of one kind, the first on line {}: “{}”.",
            counted(found, "word"),
            found.line,
            found.sample
        ));
    }
    if let Some(found) = &findings.null_words {
        notes.push(format!(
            "{} of the text column “{name}” became missing without quotes, the first on line {}: “{}”.",
            counted(found, "word"),
            found.line,
            found.sample
        ));
    }
    if let Some(found) = &findings.kept_na {
        notes.push(format!(
            "The word “{}” in column “{name}” is kept as a text ({}, the first on line {}). If it means “missing”, \
             name it among the words that do.",
            found.sample,
            counted(found, "time"),
            found.line
        ));
    }
    if let Some(found) = &findings.misfits {
        notes.push(misfit_note(name, found));
    }
}

fn misfit_note(name: &str, found: &Finding) -> String {
    format!(
        "{} of column “{name}” did not fit the chosen type and became missing, the first on line {}: “{}”.",
        counted(found, "value"),
        found.line,
        found.sample
    )
}

fn counted(found: &Finding, noun: &str) -> String {
    if found.count == 1 { format!("1 {noun}") } else { format!("{} {noun}s", found.count) }
}
