import type { LaunchBody, QuickTaskCreated, SpecLaunched } from "@spec/client";
import { useLaunchSpec, useQuickTask } from "@spec/client/react";
import { useRef } from "react";
import type { Choices } from "./options";
import { gatesOf } from "./gates";
import type { Mode } from "./mode-toggle";
import { titleOf } from "./title";

export interface Draft {
  mode: Mode;
  idea: string;
  projectId: string | null;
  choices: Choices;
}

/** Hands an idea over, once, however often it is asked to before the answer is there. */
export function useLaunch(done: {
  onSpec: (launched: SpecLaunched) => void;
  onTask: (created: QuickTaskCreated) => void;
}) {
  const underWay = useRef(false);
  const launch = useLaunchSpec({ onLaunched: done.onSpec });
  const quick = useQuickTask();

  function submit({ mode, idea, projectId, choices }: Draft): void {
    // A second Enter comes before the first has been rendered.
    if (underWay.current) return;
    underWay.current = true;
    const onSettled = () => {
      underWay.current = false;
    };
    const body = {
      title: titleOf(idea),
      description: idea,
      ...(projectId === null ? {} : { project_id: projectId }),
    };
    if (mode === "quick") {
      launch.reset();
      quick.mutate(body, { onSuccess: done.onTask, onSettled });
    } else {
      quick.reset();
      launch.mutate({ ...body, ...policyOf(choices) }, { onSettled });
    }
  }

  function reset(): void {
    launch.reset();
    quick.reset();
  }

  return {
    submit,
    reset,
    pending: launch.isPending || quick.isPending,
    error: launch.error ?? quick.error,
  };
}

/** What is chosen only; the host completes it. */
function policyOf({ agent, gates }: Choices): Pick<LaunchBody, "policy"> {
  if (agent === null && gates === null) return {};
  return {
    policy: {
      ...(agent === null ? {} : { agent }),
      ...(gates === null ? {} : { gates: gatesOf(gates) }),
    },
  };
}
