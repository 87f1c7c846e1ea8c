// What an agreement lets go (SPEC.md, 10).
const inShanghai = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai" });

export const isBetween = ({ terms }, ...districts) => districts.every((one) => terms.parties.includes(one));

/** Whether the day of an instant lies between its first and its last day. */
export function covers({ terms }, moment) {
  const day = inShanghai.format(moment);
  return terms.valid_from <= day && day <= terms.valid_to;
}

/** What `sender` may tell by a kind, or undefined. */
export const grantOf = ({ terms }, kind, sender) =>
  terms.grants.find((one) => one.kind === kind && one.sender === sender);

/** The path of each member that a content carries: subject.name; items of lists have no index. */
export function* carried(content, path = "") {
  if (Array.isArray(content)) for (const item of content) yield* carried(item, path);
  else if (content !== null && typeof content === "object")
    for (const [name, value] of Object.entries(content)) yield* carried(value, path ? `${path}.${name}` : name);
  else if (content !== null) yield path;
}
