"""AWS, one Region at a time, as frozen values, and its errors as ours: the only room that knows boto3."""
