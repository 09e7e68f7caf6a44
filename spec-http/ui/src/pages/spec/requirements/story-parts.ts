import type { UserStory } from "../artifact/requirements";

function without(text: string, ...phrases: readonly string[]): string {
  const trimmed = text.trim();
  const head = phrases.find((phrase) => trimmed.toLowerCase().startsWith(phrase));
  return trimmed.slice(head?.length ?? 0).replace(/[.,]+$/, "");
}

/** The parts of a story without the phrases that the sentence around them supplies. */
export function storyParts({ role, want, benefit }: Pick<UserStory, "role" | "want" | "benefit">) {
  const who = without(role, "as an ", "as a ");
  return {
    article: /^[aeio]/i.test(who) ? "an" : "a",
    role: who,
    want: without(want, "i want "),
    benefit: without(benefit, "so that "),
  };
}
