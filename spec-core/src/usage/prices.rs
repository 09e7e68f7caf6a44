//! Stub until the table of prices is merged.
/// Prices.
#[derive(Debug, Clone, Default)]
pub struct PriceTable;
impl PriceTable {
    /// Cost.
    #[must_use]
    pub fn cost_micro_usd(
        &self,
        _model: &str,
        _input: u64,
        _cached_input: u64,
        _cache_write: u64,
        _output: u64,
    ) -> Option<u64> {
        None
    }
}
