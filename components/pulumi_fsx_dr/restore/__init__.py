"""Restore a file system from a backup."""

from .restored_file_system import RestoredFileSystem, RestoredFileSystemArgs

__all__ = ["RestoredFileSystem", "RestoredFileSystemArgs"]
