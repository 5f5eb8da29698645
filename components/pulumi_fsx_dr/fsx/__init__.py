"""AWS in one Region: the only package that imports boto3, returns frozen values and raises our errors."""
