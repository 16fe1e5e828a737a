//! Decides which bytes of a storage are which tensor's: a span of its own, or a view.
//!
//! Tensors of one storage that overlap make a *cluster*. The first of them that lies in
//! order, without gaps and over all of the cluster is stored as a span, and the others are
//! views of it: tied weights, slices, transposes. If there is none, the cluster is stored
//! as a run of elements named after the storage, and all of them are views.

use super::archive::{Archive, Role};
use super::tensor::Tensor;
use super::walk::Leaf;
use crate::dtype::Dtype;
use crate::index::{Span, View};

/// Fewer bytes than these stay frame bytes if no tensor looks at them.
const FEW: u64 = 64 << 10;

/// The spans of the archive, and the views on them.
pub(super) fn lay_out(archive: &Archive, mut leaves: Vec<Leaf>) -> (Vec<Span>, Vec<View>) {
    leaves.sort_by_key(|leaf| leaf.tensor.entry);
    let mut layout = Layout { archive, spans: vec![], views: vec![] };
    let mut groups = leaves.chunk_by(|a, b| a.tensor.entry == b.tensor.entry).peekable();
    for position in 0..archive.entries.len() {
        match groups.next_if(|group| group[0].tensor.entry == position) {
            Some(group) => layout.storage(position, group),
            None => layout.unused(position),
        }
    }
    (layout.spans, layout.views)
}

struct Layout<'a> {
    archive: &'a Archive,
    spans: Vec<Span>,
    views: Vec<View>,
}

/// Tensors that overlap, by where they begin, and the bytes of the storage that they take.
struct Cluster<'a> {
    start: u64,
    end: u64,
    leaves: Vec<&'a Leaf>,
}

impl Layout<'_> {
    /// An entry that no tensor looks at.
    fn unused(&mut self, position: usize) {
        let entry = &self.archive.entries[position];
        let (kind, name) = match self.archive.role(position) {
            Role::Pickle => return,
            Role::Storage(key) => ("storage", key),
            Role::Other(name) => ("entry", name),
        };
        if entry.stored && entry.size >= FEW {
            let name = format!("{kind}.{}", String::from_utf8_lossy(name));
            self.span(name, Dtype::U8, vec![entry.size], entry.data);
        }
    }

    fn storage(&mut self, position: usize, leaves: &[Leaf]) {
        let entry = &self.archive.entries[position];
        let (empty, full): (Vec<&Leaf>, _) = leaves.iter().partition(|leaf| leaf.tensor.is_empty());
        for leaf in empty {
            let (dtype, shape) = leaf.tensor.unpacked();
            self.span(leaf.name.clone(), dtype, shape, entry.data);
        }
        if full.is_empty() {
            self.unused(position);
            return;
        }
        for cluster in clusters(full, entry.size) {
            self.cluster(position, &cluster);
        }
    }

    fn cluster(&mut self, position: usize, cluster: &Cluster) {
        let at = self.archive.entries[position].data + cluster.start;
        let covers = |tensor: &Tensor| {
            (tensor.start, tensor.end) == (cluster.start, cluster.end) && tensor.is_contiguous()
        };
        let owner = cluster.leaves.iter().position(|leaf| covers(&leaf.tensor));
        let (name, (dtype, shape)) = match owner.map(|owner| cluster.leaves[owner]) {
            Some(owner) => (owner.name.clone(), owner.tensor.unpacked()),
            None => (self.storage_name(position), cluster.elements()),
        };
        for (order, leaf) in cluster.leaves.iter().enumerate() {
            if Some(order) != owner {
                self.view(leaf, leaf.tensor.start - cluster.start);
            }
        }
        self.span(name, dtype, shape, at);
    }

    fn storage_name(&self, position: usize) -> String {
        match self.archive.role(position) {
            Role::Storage(key) => format!("storage.{}", String::from_utf8_lossy(key)),
            _ => "storage".to_owned(),
        }
    }

    fn span(&mut self, name: String, dtype: Dtype, shape: Vec<u64>, offset: u64) {
        self.spans.push(Span { name: Some(name), dtype, shape, offset });
    }

    /// A view on the span that is pushed next.
    fn view(&mut self, leaf: &Leaf, offset: u64) {
        let Tensor { shape, stride, .. } = &leaf.tensor;
        self.views.push(View {
            name: leaf.name.clone(),
            span: self.spans.len(),
            dtype: leaf.tensor.plain_dtype(),
            shape: shape.clone(),
            stride: stride.clone(),
            offset,
        });
    }
}

impl Cluster<'_> {
    /// The cluster as a run of elements, of the one type that all its tensors have, or bytes.
    fn elements(&self) -> (Dtype, Vec<u64>) {
        let size = self.end - self.start;
        let first = &self.leaves[0].tensor;
        let agree = self.leaves.iter().all(|leaf| leaf.tensor.dtype == first.dtype);
        if agree && size.is_multiple_of(first.width()) {
            (first.plain_dtype(), vec![size / first.width()])
        } else {
            (Dtype::U8, vec![size])
        }
    }
}

/// The clusters of a storage: one of all its `size` bytes if tensors leave many of them out.
fn clusters(mut leaves: Vec<&Leaf>, size: u64) -> Vec<Cluster<'_>> {
    leaves.sort_by_key(|leaf| (leaf.tensor.start, leaf.tensor.end));
    let mut clusters: Vec<Cluster> = vec![];
    for &leaf in &leaves {
        let Tensor { start, end, .. } = leaf.tensor;
        match clusters.last_mut() {
            Some(cluster) if start < cluster.end => {
                cluster.end = end.max(cluster.end);
                cluster.leaves.push(leaf);
            }
            _ => clusters.push(Cluster { start, end, leaves: vec![leaf] }),
        }
    }
    let used: u64 = clusters.iter().map(|cluster| cluster.end - cluster.start).sum();
    if size - used >= FEW {
        return vec![Cluster { start: 0, end: size, leaves }];
    }
    clusters
}
