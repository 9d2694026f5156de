-- sealed_of_question
-- Rows of sealed tables that count.
site = {site:UInt32} AND day BETWEEN {first:Date} AND {last:Date} AND {published}
