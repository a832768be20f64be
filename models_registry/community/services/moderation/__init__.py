"""Reports, acts, appeals: how moderators keep the place decent, with every act on record."""
