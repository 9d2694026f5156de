//! Revenue: an amount in thousandths and a currency. What makes no sense costs the revenue, never the event.

use events::Revenue;
use serde_json::Value;

use super::fields;

/// The revenue, if both of its parts are good.
pub(super) fn revenue(value: Option<&Value>) -> Option<Revenue> {
    let object = fields::object(value)?;
    let amount_milli = match object.get("amount")? {
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.checked_mul(1000)?,
            // The amount as written, not its nearest binary fraction.
            None => milli(&number.to_string()).or_else(|| milli(&format!("{:.3}", number.as_f64()?)))?,
        },
        Value::String(text) => milli(text.trim())?,
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    let currency: [u8; 3] =
        object.get("currency")?.as_str()?.trim().to_ascii_uppercase().into_bytes().try_into().ok()?;
    currency.iter().all(u8::is_ascii_uppercase).then_some(Revenue { amount_milli, currency })
}

/// Thousandths of a decimal number without exponent; half a thousandth is rounded away from zero.
fn milli(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let place = |at: usize| fraction.as_bytes().get(at).map_or(0, |digit| i64::from(digit - b'0'));
    let rounded = i64::from(place(3) >= 5);
    let amount = whole.checked_mul(1000)?.checked_add(place(0) * 100 + place(1) * 10 + place(2) + rounded)?;
    Some(if negative { -amount } else { amount })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn amounts_are_exact_thousandths() {
        let cases = [
            (json!(10.5), Some(10_500)),
            (json!("9.9"), Some(9_900)),
            (json!(0.1), Some(100)),
            (json!(1990), Some(1_990_000)),
            (json!("-3.005"), Some(-3_005)),
            (json!("1.0005"), Some(1_001)),
            (json!("1.9999"), Some(2_000)),
            (json!(".5"), Some(500)),
            (json!("+7."), Some(7_000)),
            (json!(1e3), Some(1_000_000)),
            (json!("."), None),
            (json!(""), None),
            (json!("1e3"), None),
            (json!("1,000"), None),
            (json!("NaN"), None),
            (json!(1e300), None),
            (json!("99999999999999999999"), None),
            (json!(i64::MAX), None),
            (json!(true), None),
            (json!(null), None),
        ];
        for (amount, expected) in cases {
            let found = revenue(Some(&json!({"amount": amount, "currency": "KZT"}))).map(|r| r.amount_milli);
            assert_eq!(found, expected, "{amount}");
        }
    }

    #[test]
    fn a_currency_is_three_letters() {
        let currency =
            |text: &str| revenue(Some(&json!({"amount": 1, "currency": text}))).map(|r| r.currency);
        assert_eq!(currency("KZT"), Some(*b"KZT"));
        assert_eq!(currency(" usd "), Some(*b"USD"));
        for bad in ["", "KZ", "KZTT", "K1T", "₸", "₸T"] {
            assert_eq!(currency(bad), None, "{bad}");
        }
        assert_eq!(revenue(Some(&json!({"amount": 1}))), None);
        assert_eq!(
            revenue(Some(&json!("{\"amount\":\"1\",\"currency\":\"EUR\"}"))).map(|r| r.amount_milli),
            Some(1_000)
        );
        assert_eq!(revenue(Some(&json!("1 EUR"))), None);
    }
}
