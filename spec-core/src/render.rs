pub fn markdown(
    _: &crate::spec::Spec,
    _: &crate::sync::Outputs,
    _: &crate::artifact::SyncOutput,
) -> Vec<crate::sync::RenderedFile> {
    vec![]
}
