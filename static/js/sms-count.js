// How the network counts a text: the same rules as sms/counting.py, whose tables the form brings with it.
const limits = { gsm7: 160, ucs2: 70, octets: 140 };
const partLimits = { gsm7: 153, ucs2: 67, octets: 134 };
const names = { gsm7: "characters, GSM-7", ucs2: "characters, UCS-2", octets: "octets" };

function measure(text, tables) {
  let used = 0;
  for (const sign of text) {
    if (tables.gsm7.has(sign)) used += 1;
    else if (tables.extension.has(sign)) used += 2;
    else return { alphabet: "ucs2", used: text.length };
  }
  return { alphabet: "gsm7", used };
}

function partsOf({ alphabet, used }) {
  return used <= limits[alphabet] ? 1 : Math.ceil(used / partLimits[alphabet]);
}

function troubleOfText(text, counted) {
  const at = [...text].findIndex((sign) => /[\ud800-\udfff]/.test(sign) && sign.length === 1);
  if (at >= 0) return `Character ${at + 1} is half of a pair.`;
  const over = counted.used - limits[counted.alphabet];
  return over > 0 ? `${over} too many for one SMS.` : "";
}

function troubleOfHex(digits, counted) {
  const strange = digits.match(/[^0-9a-f]/i);
  if (strange) return `“${strange[0]}” is no hex digit.`;
  if (digits.length % 2) return "Half an octet is missing.";
  const over = counted.used - limits.octets;
  return over > 0 ? `${over} too many for one SMS.` : "";
}

export function tablesOf(form) {
  return { gsm7: new Set(form.dataset.gsm7), extension: new Set(form.dataset.extension) };
}

// What stands below the field: how much of one SMS is used, and what hinders it, if anything.
export function count(raw, encoding, tables) {
  const isHex = encoding === "hex";
  const text = isHex ? raw.replace(/\s+/g, "") : raw.replace(/\r\n/g, "\n");
  const counted = isHex ? { alphabet: "octets", used: Math.ceil(text.length / 2) } : measure(text, tables);
  const trouble = isHex ? troubleOfHex(text, counted) : troubleOfText(text, counted);
  const words = `${counted.used} of ${limits[counted.alphabet]} ${names[counted.alphabet]}, ${partsOf(counted)} SMS`;
  return { ...counted, words, trouble };
}
