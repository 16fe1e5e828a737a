"""Bad input and bad weather: a clear message or a right result, and nothing lost."""
