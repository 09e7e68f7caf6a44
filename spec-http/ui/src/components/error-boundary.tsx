import { Component, type ReactNode } from "react";
import { ErrorState } from "./error-state";

interface Props {
  /** A change of it gives the children another chance. */
  at: string;
  children: ReactNode;
}

/** Keeps the rest of the page when a part of it fails, such as one that could not be loaded. */
export class ErrorBoundary extends Component<Props, { error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override componentDidUpdate(before: Props) {
    if (before.at !== this.props.at && this.state.error !== null) this.setState({ error: null });
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return <ErrorState error={this.state.error} onRetry={() => location.reload()} />;
  }
}
