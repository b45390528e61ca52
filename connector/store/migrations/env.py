"""Alembic's entry: runs the migrations on the connection that ``connector.store.migrate`` hands over."""

from alembic import context

settings = context.config.attributes
context.configure(connection=settings["connection"], version_table=settings["version_table"])
with context.begin_transaction():
    context.run_migrations()
