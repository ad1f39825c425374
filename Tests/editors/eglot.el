;;; eglot.el --- Runs in `emacs --batch -q -l` in a folder with a.py. -*- lexical-binding: t; -*-

;; One command with an instruction, then saves.

(unless (require 'eglot nil t)
  (princ "skipped: eglot is not installed\n")
  (kill-emacs 0))
(load (concat (getenv "TANDEM_SNIPPETS") "/emacs/tandem-eglot.el") nil t)

(defun wait (what condition)
  (let ((end (+ (float-time) 20)))
    (while (and (not (funcall condition)) (< (float-time) end))
      (accept-process-output nil 0.05))
    (unless (funcall condition)
      (princ (format "not in time: %s\n" what))
      (kill-emacs 1))))

;; What a person would choose and type.
(fset 'read-string (lambda (&rest _) "shout"))
(setq eglot-confirm-server-initiated-edits nil
      eglot-sync-connect t)

(find-file "a.py")
(text-mode)
(add-to-list 'eglot-server-programs '(text-mode . ("tandem" "lsp")))
(apply #'eglot (eglot--guess-contact))
(wait "the server manages the buffer" (lambda () (and (eglot-current-server) eglot--managed-mode)))
(let* ((actions (jsonrpc-request (eglot-current-server) :textDocument/codeAction
                                 (list :textDocument (eglot--TextDocumentIdentifier)
                                       :range (list :start (eglot--pos-to-lsp-position (point-min))
                                                    :end (eglot--pos-to-lsp-position (point-max)))
                                       :context '(:diagnostics []))))
       (choose (lambda (title)
                 (let* ((action (seq-find (lambda (each) (equal (plist-get each :title) title)) actions))
                        (command (plist-get action :command)))
                   (unless action
                     (princ (format "offered: %S\n" actions))
                     (kill-emacs 1))
                   (if (fboundp 'eglot-execute)
                       (eglot-execute (eglot-current-server) action)
                     (eglot-execute-command (eglot-current-server) (intern (plist-get command :command))
                                            (plist-get command :arguments)))))))
  (funcall choose "Tandem: explain")
  (wait "the explanation is shown"
        (lambda ()
          (let ((buffer (get-buffer "*tandem explanation*")))
            (and buffer (with-current-buffer buffer (string-search "\"edits\"" (buffer-string)))))))
  (funcall choose "Tandem: apply instruction…"))
(wait "the buffer changes" (lambda () (string-search "hello" (buffer-string))))
(save-buffer)
(kill-emacs 0)
