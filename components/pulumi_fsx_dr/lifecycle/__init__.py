"""The provider methods for one copy, from check to delete; used by the dynamic provider and the plugin."""
