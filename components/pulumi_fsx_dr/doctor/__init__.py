"""What AWS answers before the first `up`, and what that means."""
