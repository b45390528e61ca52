"""Pages that platforms launch: how one comes in, what each content shows and takes, and what is told of it live."""
