;;; emacs.el --- Runs in `emacs --batch -Q -l': both snippets ask the daemon. -*- lexical-binding: t; -*-

(defvar failed nil)

(defun check (condition what)
  (unless condition
    (setq failed t)
    (princ (format "emacs: FAILED: %s\n" what))))

(defun wait (what condition)
  (let ((end (+ (float-time) 20)))
    (while (and (not (funcall condition)) (< (float-time) end))
      (accept-process-output nil 0.05))
    (check (funcall condition) what)))

(defun asks (shown question) (string-search (concat "You asked: " question) shown))

(let ((folder (concat (getenv "TANDEM_SNIPPETS") "/emacs/")))
  (condition-case problem
      (progn
        (load (concat folder "tandem.el") nil t)
        (let* ((ended nil)
               (buffer (tandem-ask "Hello from Emacs" (lambda (result err) (setq ended (list result err)))))
               (shown nil))
          (wait "the answer ends" (lambda () ended))
          (check (null (cadr ended)) (format "no error: %S" (cadr ended)))
          (setq shown (with-current-buffer buffer (buffer-string)))
          (check (asks shown "Hello from Emacs") (concat "the answer is in its buffer: " shown))
          (check (equal shown (plist-get (car ended) :content)) "the buffer holds the whole answer"))
        (check (condition-case err
                   (progn (jsonrpc-request (tandem-connection) :nothing nil) nil)
                 (jsonrpc-error (eql (alist-get 'jsonrpc-error-code (cdr err)) -32601)))
               "an unknown method is answered with -32601")
        (check (equal (jsonrpc-request (tandem-connection) :ping nil) nil) "params of null count as none")
        (load (concat folder "tandem-filter.el") nil t)
        (let ((text "") (ended nil))
          (tandem-filter-call
           "chat" (list :stream t :messages (vector (list :role "user" :content "by a filter: é")))
           (lambda (event) (when (equal (plist-get event :type) "content")
                             (setq text (concat text (plist-get event :text)))))
           (lambda (result err) (setq ended (list result err))))
          (wait "the filter's answer ends" (lambda () ended))
          (check (equal text (plist-get (car ended) :content)) "the events make up the answer")
          (check (asks text "by a filter: é") (concat "the filter's answer: " text))))
    (error (check nil (format "%S" problem)))))
(unless failed (princ "emacs: ok\n"))
(kill-emacs (if failed 1 0))
