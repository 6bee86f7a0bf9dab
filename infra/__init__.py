"""How GAS is packaged, deployed and run: on AWS, and whole on one laptop."""
