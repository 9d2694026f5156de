-- minute
-- Minute of the day on the site's clock; the hour of it is computed alike in `hour`.
toUInt16(intDiv(positiveModulo(
    toInt64(toUnixTimestamp(time))
        + toInt64(toUnixTimestamp(toDateTime(day + 1, 'UTC'))) - toInt64(toUnixTimestamp(closes_at))
        + {shift},
    86400), 60))
