from pathlib import Path

import baigong.drivers
from baigong.drivers import manifest as m

m.BUILT_IN = tuple(i for i in m.BUILT_IN if (Path(baigong.drivers.__file__).parent / i / "driver.toml").exists())
