;;; settings.el --- settings read without the package -*- lexical-binding: t -*-
;; Stands in for acp.el and agent-shell.el; prints the command that each agent is started by, words separated by tabs.

(defvar agent-shell-agent-configs nil)
(defun agent-shell-make-agent-config (&rest arguments) arguments)
(defun acp-make-client (&rest arguments) arguments)
(provide 'acp)
(provide 'agent-shell)

(load "BLOCK" nil t t)
(dolist (agent agent-shell-agent-configs)
  (let ((client (funcall (plist-get agent :client-maker) (current-buffer))))
    (princ (concat (mapconcat #'identity (cons (plist-get client :command) (plist-get client :command-params)) "\t")
                   "\n"))))
