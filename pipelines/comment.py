"""Write a comment of ours under a pull request, or edit the one that is there.

comment.py NUMBER MARK FILE: the comment begins with the mark, by which the next run finds it again. Anybody can write
the mark, so GitHub is asked whose the comment is. Uses nothing but Python's own library, since it holds a token.
"""

# ruff: noqa: INP001  # a script

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

LONGEST = 65_536  # characters that GitHub takes
CUT = "\n\nThis is cut off: the job's summary has all of it."
REFUSED = (
    "The comment was not written. GitHub said: {}. Give the job pull-requests: write, or the action comment: false."
)
COMMENTS = """
query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      id
      comments(first: 100, after: $after) {
        nodes { id body viewerDidAuthor }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}
"""
EDIT = "mutation($id: ID!, $body: String!) { updateIssueComment(input: {id: $id, body: $body}) { clientMutationId } }"
WRITE = "mutation($id: ID!, $body: String!) { addComment(input: {subjectId: $id, body: $body}) { clientMutationId } }"


def comment(repository: str, number: int, mark: str, text: str) -> None:
    """Edit our comment with the mark under a pull request; without one, write it.

    Raises:
        SystemExit: GitHub refuses; the text says why.
    """
    pages = list(_pages(repository, number))
    comments = [each for page in pages for each in page["comments"]["nodes"]]
    ours = [each["id"] for each in comments if each["viewerDidAuthor"] and each["body"].startswith(mark)]
    body = f"{mark}\n{text}"
    if len(body) > LONGEST:
        body = body[: LONGEST - len(CUT)] + CUT
    _ask(EDIT if ours else WRITE, id=ours[0] if ours else pages[0]["id"], body=body)


def _pages(repository: str, number: int) -> Iterator[dict[str, Any]]:
    owner, _, name = repository.partition("/")
    after, more = None, True
    while more:
        answer = _ask(COMMENTS, owner=owner, name=name, number=number, after=after)
        page = answer["repository"]["pullRequest"]
        yield page
        more, after = page["comments"]["pageInfo"]["hasNextPage"], page["comments"]["pageInfo"]["endCursor"]


def _ask(query: str, **variables: Any) -> dict[str, Any]:
    request = Request(  # noqa: S310  # the runner's own address of GitHub
        os.environ["GITHUB_GRAPHQL_URL"],
        json.dumps({"query": query, "variables": variables}).encode(),
        {"Authorization": f"Bearer {os.environ['GH_TOKEN']}", "Content-Type": "application/json"},
    )
    try:
        with urlopen(request, timeout=60) as response:  # noqa: S310  # as above
            answer: dict[str, Any] = json.load(response)
    except (OSError, ValueError) as error:
        sys.exit(REFUSED.format(error))
    if errors := answer.get("errors"):
        sys.exit(REFUSED.format(errors[0]["message"]))
    data: dict[str, Any] = answer["data"]
    return data


if __name__ == "__main__":
    comment(os.environ["GITHUB_REPOSITORY"], int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]).read_text())
