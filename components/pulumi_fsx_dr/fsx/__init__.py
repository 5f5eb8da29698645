"""AWS in one Region. Only this package imports boto3. It returns frozen values and raises our errors."""
