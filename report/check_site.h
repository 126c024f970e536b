/* check_site.h - the check of a built site. */
#ifndef GLASSBOX_CHECK_SITE_H
#define GLASSBOX_CHECK_SITE_H

/* The number of faults in the site at `folder`, each said on stderr as "path:line: what
 * is wrong, what was expected"; *pages: how many pages it has. */
int check_site(const char *folder, int *pages);

#endif
