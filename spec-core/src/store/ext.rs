//! Conveniences over any store. Not to be implemented: a blanket implementation covers all.

use super::{SpecStore, StoreError, StoreErrorKind, StoredSpec};
use crate::id::SpecId;

/// Conveniences over any [`SpecStore`].
pub trait SpecStoreExt: SpecStore {
    /// As [`get`](SpecStore::get), with a spec that does not exist as an error.
    ///
    /// # Errors
    ///
    /// [`NotFound`](StoreErrorKind::NotFound), or those of `get`.
    fn require(&self, id: SpecId) -> impl Future<Output = Result<StoredSpec, StoreError>> + Send {
        async move {
            self.get(id).await?.ok_or_else(|| {
                StoreError::new(
                    StoreErrorKind::NotFound,
                    format!("spec {id} does not exist"),
                )
            })
        }
    }
}

impl<T: SpecStore + ?Sized> SpecStoreExt for T {}
