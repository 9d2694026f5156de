-- hour
-- Hour on the site's clock. The offset at the end of the day follows from the date and the instant at which it ends; a
-- clock set forward or back on that day comes as a shift, so that there is one time zone database: the program's.
toUInt8(intDiv(positiveModulo(
    toInt64(toUnixTimestamp(time))
        + toInt64(toUnixTimestamp(toDateTime(day + 1, 'UTC'))) - toInt64(toUnixTimestamp(closes_at))
        + {shift},
    86400), 3600))
