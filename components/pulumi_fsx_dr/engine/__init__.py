"""Access to Pulumi's engine and its plugin host; no other package uses their internals."""
