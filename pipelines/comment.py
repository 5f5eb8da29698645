"""Write a comment on a pull request, or edit the one from the previous run: comment.py NUMBER MARK FILE.

A comment begins with its mark, so that the next run finds it. Anyone can write the mark, so the author must also match.
The script has a token, so it uses only Python's standard library.
"""

# ruff: noqa: INP001  # a script

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

LONGEST = 65_536  # characters that GitHub accepts
CUT = "\n\nThe rest does not fit into a comment. The summary of the job has the whole text."
REFUSED = (
    "The comment was not written. Give the job the permission pull-requests: write, or set comment: false. "
    "GitHub said: {}"
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
    """Edit our comment with this mark, or write it if there is none.

    Raises:
        SystemExit: GitHub refuses the comment.
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
    request = Request(  # noqa: S310  # the address that the runner gives
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
