import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { newIdempotencyKey } from "../launch.js";
import type { LaunchBody, SpecLaunched } from "../types.js";
import { specKeys } from "./keys.js";
import { useSpecClient } from "./provider.js";

export interface UseLaunchSpecOptions {
  /** Called once for each launch; the place to redirect to the spec. */
  onLaunched?: (launched: SpecLaunched) => void;
}

/** A draft that was submitted, and what came of it. */
interface Submitted {
  body: string;
  idempotencyKey: string;
  running: Promise<SpecLaunched> | null;
}

/**
 * Launches a spec. The same draft is launched once, however often it is submitted; one that differs
 * in anything is another launch.
 */
export function useLaunchSpec({ onLaunched }: UseLaunchSpecOptions = {}) {
  const client = useSpecClient();
  const queries = useQueryClient();
  const submitted = useRef<Submitted | null>(null);
  const told = useRef(new WeakSet<SpecLaunched>());

  function submit(draft: LaunchBody): Promise<SpecLaunched> {
    const body = JSON.stringify(draft);
    if (submitted.current?.body !== body) {
      submitted.current = {
        body,
        idempotencyKey: newIdempotencyKey(),
        running: null,
      };
    }
    const current = submitted.current;
    if (current.running === null) {
      const { idempotencyKey } = current;
      current.running = client.launchSpec(draft, { idempotencyKey }).finally(() => {
        current.running = null;
      });
    }
    return current.running;
  }

  return useMutation({
    mutationFn: submit,
    onSuccess: (launched) => {
      // Submissions that shared a request share its answer, too.
      if (told.current.has(launched)) return;
      told.current.add(launched);
      void queries.invalidateQueries({ queryKey: specKeys.lists() });
      onLaunched?.(launched);
    },
  });
}
