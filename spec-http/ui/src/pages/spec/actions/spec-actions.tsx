import type { Phase, Spec } from "@spec/client";
import { useArchive, useExecute, usePause, useResume } from "@spec/client/react";
import { lazy, useState } from "react";
import { Button } from "../../../components/button";
import { phaseNames } from "../../../lib/names";
import { ActionMenu } from "./menu";
import { OnceOpen } from "./once-open";
import { useAction } from "./use-action";
import { useExport } from "./use-export";

const CancelDialog = lazy(() => import("./cancel-dialog"));

/** What may be done with the spec right now: the server says what. */
export function SpecActions({ spec, onRetry }: { spec: Spec; onRetry: (phase: Phase) => void }) {
  const { actions, id } = spec;
  const [cancelling, setCancelling] = useState(false);
  const execute = useAction(useExecute(id));
  const pause = useAction(usePause(id));
  const resume = useAction(useResume(id));
  const archive = useAction(useArchive(id), { done: "The spec is archived." });
  const exported = useExport(id);
  return (
    <div className="spec-actions" role="group" aria-label="Actions">
      {actions.execute && (
        <Button tone="primary" icon="play" busy={execute.busy} onClick={() => execute.run()}>
          Execute
        </Button>
      )}
      {actions.resume && (
        <Button tone="primary" icon="play" busy={resume.busy} onClick={() => resume.run()}>
          Resume
        </Button>
      )}
      {actions.pause && (
        <Button icon="pause" busy={pause.busy} onClick={() => pause.run()}>
          Pause
        </Button>
      )}
      {actions.retry.length > 0 && (
        <ActionMenu
          label="Retry from"
          icon="retry"
          items={actions.retry.map((phase) => ({
            key: phase,
            label: phaseNames[phase],
            onSelect: () => onRetry(phase),
          }))}
        />
      )}
      {actions.cancel && (
        <Button tone="danger" icon="stop" onClick={() => setCancelling(true)}>
          Cancel
        </Button>
      )}
      <ActionMenu
        label="Export"
        icon="download"
        busy={exported.busy}
        items={[
          { key: "markdown", label: "Markdown", onSelect: () => exported.run("markdown") },
          { key: "json", label: "JSON", onSelect: () => exported.run("json") },
        ]}
      />
      {actions.archive && (
        <Button tone="quiet" icon="archive" busy={archive.busy} onClick={() => archive.run()}>
          Archive
        </Button>
      )}
      <OnceOpen open={cancelling}>
        <CancelDialog id={id} open={cancelling} onClose={() => setCancelling(false)} />
      </OnceOpen>
    </div>
  );
}
