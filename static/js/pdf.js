// A PDF, shown by the browser's own viewer. The frame holds bytes that begin as a PDF does, under that type and no other:
// so nothing of a file is ever taken for a page of this site. Whatever stands in the way, the link to the file stays.
const place = document.querySelector("[data-document]");

async function fetched(address) {
  const answer = await fetch(address);
  const file = answer.ok ? await answer.blob() : new Blob();
  return (await file.slice(0, 5).text()) === "%PDF-" ? file.slice(0, file.size, "application/pdf") : null;
}

const file = navigator.pdfViewerEnabled ? await fetched(place.dataset.document).catch(() => null) : null;
if (file) {
  const frame = document.createElement("iframe");
  frame.title = place.dataset.title;
  frame.src = URL.createObjectURL(file);
  place.replaceChildren(frame);
} else {
  place.classList.remove("viewer-pdf");
}
