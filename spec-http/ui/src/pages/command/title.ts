const longest = 100;
/** A word is cut in two only where the title would lose more than this otherwise. */
const mostLost = 60;

/** The first line of an idea that says something, cut between words to at most 100 characters. */
export function titleOf(idea: string): string {
  const line = idea.split(/\r\n|[\n\r\u2028\u2029]/u).find((each) => each.trim() !== "") ?? "";
  const words = line.trim().replace(/\s+/gu, " ");
  const characters = Array.from(words);
  if (characters.length <= longest) return words;

  const room = characters.slice(0, longest).join("");
  const space = characters[longest] === " " ? room.length : room.lastIndexOf(" ");
  const cut = space < longest - mostLost ? room : room.slice(0, space);
  // Such as a comma that has nothing after it any more.
  return cut.replace(/[\s,;:–—-]+$/u, "") || room;
}
