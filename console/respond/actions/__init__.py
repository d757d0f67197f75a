"""One action a file; `console.respond.registry` finds them."""
