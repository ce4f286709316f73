"""The HTTP API: middleware, authorization, problem documents, paging."""
