import { useSpecClient } from "@spec/client/react";
import { useMutation } from "@tanstack/react-query";
import { useAction } from "./use-action";

export type ExportFormat = "markdown" | "json";

function save(blob: Blob, filename: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = filename;
  link.click();
  // The download has to have begun before its address may go.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Saves what there is of the spec so far as a file. */
export function useExport(id: string) {
  const client = useSpecClient();
  return useAction(
    useMutation({
      mutationFn: (format: ExportFormat) => client.exportSpec(id, format),
      onSuccess: ({ blob, filename }) => save(blob, filename),
    }),
  );
}
