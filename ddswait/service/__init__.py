"""A cloud service's API in bytes: action to request, (status, headers, body) to reply. Pure."""
