"""`python -m reference_droplet`: serves where SERVICE_PORT says."""

import uvicorn

from reference_droplet.settings import get_settings

uvicorn.run(
    "reference_droplet.app:app",
    host="127.0.0.1",
    port=get_settings().service_port,
    server_header=False,
)
