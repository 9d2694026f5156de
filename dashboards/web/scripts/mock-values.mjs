// Values of the mock's further dimensions: [value, weight, ...values of the dimensions before it].
const UTM = [
  ["(not set)", 700],
  ["instagram", 80],
  ["telegram", 54],
  ["newsletter", 21],
];

export const MORE = {
  "visit:entry_page": [
    ["/", 300],
    ["/kk/jobalar/zhastar-ortalygy", 90],
    ["/ru/programmy", 41],
    ["/kk/biz-turaly", 22],
  ],
  "visit:exit_page": [
    ["/kk/bailanys", 120],
    ["/", 88],
    ["/ru/programmy", 40],
  ],
  "event:hostname": [["example.kz", 500]],
  "visit:channel": [
    ["Direct", 260],
    ["Organic Search", 275],
    ["Organic Social", 262],
    ["Referral", 52],
    ["AI Assistants", 18],
  ],
  "visit:referrer": [
    ["Direct / None", 260],
    ["google.com", 200],
    ["t.me/sanaq", 60],
    ["tengrinews.kz/kazakhstan_news", 9],
  ],
  "visit:utm_source": UTM,
  "visit:utm_medium": [
    ["(not set)", 700],
    ["social", 120],
    ["email", 21],
  ],
  "visit:utm_campaign": [
    ["(not set)", 720],
    ["naurys-2026", 92],
    ["qys-mektebi", 30],
  ],
  "visit:utm_content": UTM,
  "visit:utm_term": UTM,
  "visit:region": [
    ["KZ-75", 240],
    ["KZ-71", 160],
    ["KZ-79", 62],
    ["KZ-35", 44],
    ["KZ-19", 40],
    ["KZ-61", 36],
    ["KZ-59", 31],
    ["(other)", 15],
  ],
  "visit:browser_version": [
    ["142", 210, "Chrome"],
    ["141", 130, "Chrome"],
    ["26", 120, "Safari"],
    ["28", 60, "Samsung Internet"],
    ["(other)", 30, "(other)"],
  ],
  "visit:os_version": [
    ["16", 200, "Android"],
    ["15", 110, "Android"],
    ["26.1", 120, "iOS"],
    ["11", 150, "Windows"],
    ["(other)", 20, "(other)"],
  ],
  "visit:screen": [
    ["xs", 510],
    ["l", 160],
    ["xl", 120],
    ["m", 40],
  ],
  "visit:language": [
    ["kk", 420],
    ["ru", 310],
    ["en", 80],
    ["(other)", 11],
  ],
  "event:name": [
    ["pageview", 800],
    ["Өтінім жіберілді", 64],
    ["Outbound Link: Click", 51],
    ["File Download", 18],
  ],
  "event:props:plan": [
    ["(none)", 300],
    ["student", 44],
    ["family", 21],
  ],
};
