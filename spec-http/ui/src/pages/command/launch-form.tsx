import { ApiProblem, type QuickTaskCreated, type SpecLaunched } from "@spec/client";
import { useCapabilities } from "@spec/client/react";
import { useEffect, useId, useRef, useState, type FormEvent } from "react";
import { useLocation } from "wouter";
import { announce, toast } from "../../components/announcements";
import { Button } from "../../components/button";
import { FieldError } from "../../components/field-error";
import { Icon } from "../../components/icon";
import { ProjectPicker } from "../../components/project-picker";
import { describeError } from "../../lib/describe-error";
import { safeUrl } from "../../lib/safe-url";
import { useRemembered } from "../../lib/use-remembered";
import { fieldErrors } from "./field-errors";
import { ModeToggle, type Mode } from "./mode-toggle";
import { Options, type Choices } from "./options";
import { Prompt } from "./prompt";
import { useLaunch } from "./use-launch";
import { useProject } from "./use-project";

const asTheHostHasIt: Choices = { agent: null, gates: null };

/** Type and go. */
export function LaunchForm() {
  const id = useId();
  const [, navigate] = useLocation();
  const field = useRef<HTMLTextAreaElement>(null);
  const [draft, keepDraft] = useRemembered("draft");
  const [modeName, keepMode] = useRemembered("mode");
  const [choices, setChoices] = useState(asTheHostHasIt);
  const [blank, setBlank] = useState(false);
  const capabilities = useCapabilities();
  const project = useProject();

  const idea = draft ?? "";
  const hasQuick = capabilities.data?.quick_tasks === true;
  const mode: Mode = hasQuick && modeName === "quick" ? "quick" : "spec";
  const verb = mode === "quick" ? "Start" : "Launch";

  const launch = useLaunch({
    onSpec({ spec_id }: SpecLaunched) {
      keepDraft(null);
      announce("Spec launched");
      navigate(`/specs/${spec_id}`);
    },
    onTask({ task_id, url }: QuickTaskCreated) {
      keepDraft(null);
      const target = url ? safeUrl(url) : null;
      if (target) location.assign(target);
      else toast(`Task ${task_id} is on its way.`);
    },
  });

  const errors = fieldErrors(launch.error);
  const ideaError = blank ? "Describe what you want to build." : errors.idea;
  useEffect(() => {
    if (errors.idea !== undefined) field.current?.focus();
  }, [errors.idea]);

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (idea.trim() === "") {
      setBlank(true);
      field.current?.focus();
      return;
    }
    launch.submit({ mode, idea, projectId: project.chosen?.id ?? null, choices });
  }

  return (
    <form className="launch" onSubmit={submit} noValidate>
      <div className="launch-card" data-invalid={ideaError !== undefined || undefined}>
        <Prompt
          field={field}
          value={idea}
          locked={launch.pending}
          invalid={ideaError !== undefined}
          describedBy={`${id}-idea-error ${id}-keys`}
          onChange={(text) => {
            setBlank(false);
            keepDraft(text === "" ? null : text);
          }}
        />
        <div className="launch-bar">
          {hasQuick && <ModeToggle mode={mode} onChange={keepMode} />}
          {project.choices.length > 0 && (
            <ProjectPicker
              label="Project"
              choices={project.choices}
              chosen={project.chosen}
              onChoose={(choice) => project.choose(choice.id)}
              placeholder="Choose a project"
              invalid={errors.project !== undefined}
              describedBy={`${id}-project-error`}
            />
          )}
          <Button
            className="launch-go"
            tone="primary"
            type="submit"
            busy={launch.pending}
            aria-label={mode === "quick" ? "Start the task" : "Launch the spec"}
          >
            {verb + (launch.pending ? "ing" : "")}
            {!launch.pending && <Icon name="enter" size={16} />}
          </Button>
        </div>
      </div>

      <div className="launch-notes">
        <FieldError id={`${id}-idea-error`}>{ideaError}</FieldError>
        <FieldError id={`${id}-project-error`}>{errors.project}</FieldError>
        <FieldError id={`${id}-error`}>{overall(launch.error, errors.rest)}</FieldError>
        {project.query.isError && (
          <p className="launch-note muted">
            The projects could not be loaded.{" "}
            <button type="button" className="link" onClick={() => void project.query.refetch()}>
              Try again
            </button>
          </p>
        )}
        <p id={`${id}-keys`} className="launch-note muted">
          <kbd>Enter</kbd> to {verb.toLowerCase()}, <kbd>Shift</kbd> <kbd>Enter</kbd> for a new line
        </p>
      </div>

      {capabilities.data && mode === "spec" && (
        <Options
          capabilities={capabilities.data}
          choices={choices}
          onChange={setChoices}
          errors={errors}
        />
      )}
    </form>
  );
}

/** What is said below the form as a whole: everything that no field says. */
function overall(error: unknown, rest: readonly string[]): string | undefined {
  if (!error) return undefined;
  if (error instanceof ApiProblem && error.fields.length > 0) {
    return rest.length > 0 ? rest.join(" · ") : undefined;
  }
  const { title, detail } = describeError(error);
  return detail ? `${title}. ${detail}` : `${title}.`;
}
