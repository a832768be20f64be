"""What several doors speak: request ids, base views, bodies, ranges, pagination by Link."""
