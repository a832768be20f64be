"""What several doors speak: request ids, base views, bodies, pagination by Link."""
