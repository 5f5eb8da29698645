"""A file system restored from a backup: what the backup records of it, and what FSx cannot restore."""

from .restored_file_system import RestoredFileSystem, RestoredFileSystemArgs

__all__ = ["RestoredFileSystem", "RestoredFileSystemArgs"]
